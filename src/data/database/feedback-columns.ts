/** The columns of a feedback log's table, in order (docs/databases.md). */
export const feedbackColumns = ['sequence', 'user_id', 'item_id', 'time', 'kind', 'weight', 'id'] as const;

/** True for the columns of a feedback log: its weights are then read without being asked for. */
export function isFeedbackTable(names: readonly string[]): boolean {
  return feedbackColumns.every((column) => names.includes(column));
}
