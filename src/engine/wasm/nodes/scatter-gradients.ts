import { type ThreadMemory, Word } from '../memory.ts';
import { type NodeOperation, takeRows } from './node-operation.ts';

/** The gradients of the packed rows, users' and items', go to their rows of the table of final gradients. */
export const scatterGradients: NodeOperation = {
  run({ kernels, layout }, crew, _thread, args) {
    const [userGradients, users, slots] = args as unknown as number[];
    const { finalGradient, touched } = layout.nodes!;
    const { at, stride } = finalGradient;
    const scatter = (gradients: number, first: number, from: number, to: number) => {
      kernels.scatterRows(gradients, at, stride * 4, stride, touched + first * 4, from - first, to - first);
    };
    takeRows(crew, users! + slots!, (from, to) => {
      if (from < users!) scatter(userGradients!, 0, from, Math.min(to, users!));
      if (to > users!) scatter(layout.at.itemGradients, users!, Math.max(from, users!), to);
    });
  },
};

export function scatterArguments({ control, layout, plan }: ThreadMemory): number[] {
  const { rowGradients, userGradients } = layout.at;
  const { shared } = plan.training!.capacity;
  return [shared ? rowGradients : userGradients, control[Word.userSlots]!, control[Word.slots]!];
}
