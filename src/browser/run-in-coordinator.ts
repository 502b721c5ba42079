import type { runInCoordinator as runInNode } from '../training/thread/coordinator.ts';
import { runOnThisThread } from '../training/training-run.ts';

/** Replaces the coordinator thread of Node in a browser: training runs on the calling thread, which is that of the page or of a Web Worker. */
export const runInCoordinator: typeof runInNode = runOnThisThread;
