import type { NodeRows } from '../../node-operations.ts';
import { type ThreadMemory, Word } from '../memory.ts';

/** The rows of an operation as the kernels take them: a list (an address; 0 = all rows) and how many they are. */
export function rowSet({ control, layout }: ThreadMemory, rows: NodeRows): [list: number, count: number] {
  const { nodes, touched } = layout.nodes!;
  return rows === 'touched' ? [touched, control[Word.touched]!] : [0, nodes];
}
