import { loadLoss } from '../../loss/load-loss.ts';
import type { LossNeeds, LossSource } from '../../loss/loss.ts';
import type { EnginePlan } from '../engine.ts';
import { Crew } from './crew.ts';
import { threadMemory, type UserTables } from './memory.ts';
import { threadWork } from './wasm-engine.ts';

/** The data that a helper thread is started with. */
export interface MemberStart {
  readonly plan: EnginePlan;
  readonly needs: Required<LossNeeds>;
  readonly thread: number;
  readonly threads: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly userTables?: UserTables;
}

/** A helper thread of a crew, in Node and in browsers. */
export interface CrewMember {
  readonly crew: Crew;
  /** Blocks the thread's event loop and works on verbs until the crew is dismissed. */
  serve(): void;
}

/** Joins the crew of an engine: loads the loss and prepares this thread's part of the memory. @throws TaurecError as `loadLoss` */
export async function joinCrew(start: MemberStart): Promise<CrewMember> {
  const { plan, needs, thread, threads, module, memory: wasmMemory, userTables } = start;
  const memory = threadMemory(plan, threads, module, wasmMemory, needs, userTables);
  const crew = new Crew(memory.control, memory.failure, threads);
  const loss = plan.training && (await loadLoss(plan.training.loss as LossSource));
  const work = threadWork(memory, crew, thread, threads, loss);
  return { crew, serve: () => crew.serve(thread, work.run) };
}
