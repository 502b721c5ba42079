import { useEffect, useMemo } from 'preact/hooks';
import type { TablePreview } from '../../session.ts';
import { AnswerView } from '../parts/answer-view.tsx';
import { Answer } from '../state/answer.ts';
import { useStudio } from '../state/studio.ts';
import { assignRole, columnRoles, rolesOf, type Setup } from './setup.ts';

/** Words for the roles of columns. */
const roleWords: Readonly<Record<string, string>> = {
  user: 'User',
  item: 'Item',
  rating: 'Rating',
  time: 'Time',
  weight: 'Weight',
  event: 'Event',
};

/** Rows that are shown: enough to see what a column holds. */
const ROWS = 8;

/** The first rows of the interactions under the columns as they would be read, with a menu over each column. */
export function Preview({ setup, change }: { setup: Setup; change: (setup: Setup) => void }) {
  const studio = useStudio();
  // The table stays while it is read again, and with it the menu that has the focus.
  const answer = useMemo(() => new Answer<TablePreview>(), []);
  const { train } = setup.files;
  const columns = JSON.stringify(setup.columns);
  useEffect(() => () => answer.reset(), [train]);
  useEffect(() => {
    if (train !== undefined) answer.ask(() => studio.session.preview(train, setup.columns));
  }, [train, columns]);
  const fix = (shown: TablePreview, at: number, role: string) =>
    change({
      ...setup,
      columns: assignRole(
        setup.columns,
        shown.columns,
        at,
        columnRoles.find((one) => one === role),
      ),
    });
  return (
    <section class="card" aria-labelledby="first-rows">
      <AnswerView answer={answer} working="Reading the first rows">
        {(shown) => {
          const roles = rolesOf(setup.columns, shown.columns);
          return (
            <>
              <div class="card-head">
                <h2 id="first-rows">First rows</h2>
                <p class="soft">{shown.format}</p>
              </div>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard */}
              <section class="table" aria-label="Columns and their rows" tabIndex={0}>
                <table class="preview">
                  <thead>
                    <tr>
                      {shown.columns.map(({ name }, at) => {
                        const role = roles[at] ?? '';
                        return (
                          // Columns have no identity but their position: names may repeat.
                          // biome-ignore lint/suspicious/noArrayIndexKey: see above
                          <th key={at} scope="col">
                            <span class="column-name">{name || `Column ${at + 1}`}</span>
                            <select
                              aria-label={`What ${name || `column ${at + 1}`} holds`}
                              value={role}
                              disabled={studio.teach || role === 'event'}
                              onChange={(event) => fix(shown, at, event.currentTarget.value)}
                            >
                              <option value="">Not used</option>
                              {[...columnRoles, ...(role === 'event' ? ['event'] : [])].map((one) => (
                                <option key={one} value={one}>
                                  {roleWords[one]}
                                </option>
                              ))}
                            </select>
                          </th>
                        );
                      })}
                    </tr>
                  </thead>
                  <tbody>
                    {shown.rows.slice(0, ROWS).map((row, line) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: rows are lines of a file
                      <tr key={line}>
                        {row.map((cell, at) => (
                          // biome-ignore lint/suspicious/noArrayIndexKey: cells are columns of a file
                          <td key={at} class={roles[at] ? undefined : 'unused'}>
                            {cell}
                          </td>
                        ))}
                      </tr>
                    ))}
                  </tbody>
                </table>
              </section>
            </>
          );
        }}
      </AnswerView>
    </section>
  );
}
