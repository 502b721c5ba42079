// The program of the thread of `workbenchThread`: a workbench over a folder.

import { join } from 'node:path';
import { type MessagePort, workerData } from 'node:worker_threads';
import { version } from '../../platform/version.ts';
import { launch } from '../../training/train-embeddings.ts';
import { answerCalls, type Port } from '../calls.ts';
import { nodeHost } from '../node/node-host.ts';
import { Workbench } from '../workbench/workbench.ts';
import { folderStore } from './folder-store.ts';
import { movieLensSamples } from './movielens-sample.ts';
import { StudioFolder, sourceOf } from './studio-folder.ts';

/** What the thread is started with. */
export interface WorkbenchTask {
  readonly folder: string;
  /** Threads of trainings; absent: as many as the engine takes. */
  readonly threads?: number;
  readonly port: MessagePort;
}

const { folder: path, threads, port } = workerData as WorkbenchTask;
const folder = await StudioFolder.open(path);
const store = folderStore(folder);
/** A workbench that lets go of its folder at the end. */
class FolderWorkbench extends Workbench {
  override async close(): Promise<void> {
    await super.close();
    store.release();
  }
}

const workbench = new FolderWorkbench(
  nodeHost({
    about: { kind: 'server', version, folder: path },
    store,
    samples: movieLensSamples(process.env),
    train({ config, ...task }, { onEvent, ...watch }) {
      const own = { ...task, config: { ...config, threads: config.threads ?? threads } };
      // Where its checkpoints are is no part of a run: sessions without any have the same events.
      return launch(own, { ...watch, onEvent: (event) => event.type === 'checkpoint' || onEvent(event) });
    },
    checkpointDirectory: async (run) => join(folder.models, run),
    files: async () => {
      const { files, unlisted } = await folder.list();
      const listed = files.map((file) => ({ source: sourceOf(file), file: file.path, stamp: file.stamp }));
      return { files: listed, ...(unlisted && { unlisted }) };
    },
  }),
);
answerCalls(workbench, port as unknown as Port);
