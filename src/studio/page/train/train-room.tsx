import { Empty } from '../parts/empty.tsx';

/** The screen where models are trained. */
export function TrainRoom() {
  return <Empty title="Train">Choose data first.</Empty>;
}
