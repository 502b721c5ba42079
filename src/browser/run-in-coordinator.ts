import type { runInCoordinator as runInNode } from '../training/thread/coordinator.ts';
import { runOnThisThread } from '../training/training-run.ts';

/** A browser has no coordinator thread of taurec's: training runs where it is called, in a page or a worker. */
export const runInCoordinator: typeof runInNode = runOnThisThread;
