import type { ComponentType } from 'preact';
import { CompareRoom } from './compare/compare-room.tsx';
import { DataRoom } from './data/data-room.tsx';
import { ExploreRoom } from './explore/explore-room.tsx';
import { JudgeRoom } from './judge/judge-room.tsx';
import { OperateRoom } from './operate/operate-room.tsx';
import type { Room } from './state/place.ts';
import { TrainRoom } from './train/train-room.tsx';

/** A screen of the studio. */
export interface RoomFacts {
  readonly title: string;
  /** One sentence under the title. */
  readonly about: string;
  readonly Screen: ComponentType;
  /** Whether the room is offered also, or only, where the page operates a server that makes lists. Absent: it is not offered there. */
  readonly operated?: 'also' | 'only';
}

/** The screens by room. A room without one is not in the navigation. */
export const roomFacts: Partial<Readonly<Record<Room, RoomFacts>>> = {
  data: { title: 'Data', about: 'Choose a log of what people did, and see what is in it.', Screen: DataRoom },
  train: { title: 'Train', about: 'Choose a loss, and watch a model learn.', Screen: TrainRoom },
  explore: {
    title: 'Explore',
    about: 'Ask a model: lists, their reasons, and what is not in them.',
    Screen: ExploreRoom,
    operated: 'also',
  },
  judge: { title: 'Judge', about: 'See how good a model is, for whom, and against what.', Screen: JudgeRoom },
  compare: {
    title: 'Compare',
    about: 'Put runs side by side, try many options at once, and take a model home.',
    Screen: CompareRoom,
  },
  operate: {
    title: 'Operate',
    about: 'The running server: its models, its load, and what people do.',
    Screen: OperateRoom,
    operated: 'only',
  },
};
