import type { Figure, Panel } from '../report.ts';
import type { Frame } from './frame.ts';
import type { SeriesLooks } from './series-look.ts';

/** Pixels of a panel when it is not scaled. */
export interface PanelSize {
  readonly width: number;
  readonly height: number;
}

/** A panel with all that decides how it is drawn. */
export interface PanelPlan {
  readonly figure: Figure;
  readonly panel: Panel;
  readonly frame: Frame;
  readonly looks: SeriesLooks;
  readonly size: PanelSize;
  /** The names of the series stand beside the ends of their lines. */
  readonly endLabels: boolean;
  /** What it shows, for those who cannot see it. */
  readonly label: string;
}
