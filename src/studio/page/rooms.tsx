import type { ComponentType } from 'preact';
import type { SessionAbout } from '../session.ts';
import { DataRoom } from './data/data-room.tsx';
import type { Room } from './state/place.ts';
import { TrainRoom } from './train/train-room.tsx';

/** A screen of the studio. */
export interface RoomFacts {
  readonly title: string;
  /** One sentence under the title. */
  readonly about: string;
  readonly Screen: ComponentType;
  /** Absent: always offered. */
  readonly offered?: (about: SessionAbout) => boolean;
}

/** The screens by room. A room without one is not in the navigation. */
export const roomFacts: Partial<Readonly<Record<Room, RoomFacts>>> = {
  data: { title: 'Data', about: 'Choose a log of what people did, and see what is in it.', Screen: DataRoom },
  train: { title: 'Train', about: 'Choose a loss, and watch a model learn.', Screen: TrainRoom },
};
