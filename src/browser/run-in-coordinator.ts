import type { runInCoordinator as runInNode } from '../training/thread/coordinator.ts';
import { runOnThisThread } from '../training/training-run.ts';

/** In a browser taurec starts no coordinator thread: training runs on the calling thread, of a page or a worker. */
export const runInCoordinator: typeof runInNode = runOnThisThread;
