import { Empty } from '../parts/empty.tsx';

/** The screen where data are chosen. */
export function DataRoom() {
  return <Empty title="Choose data">Drop a log here.</Empty>;
}
