import { useStudio } from '../state/studio.ts';

/** The way to the data, where a screen cannot do without. */
export function ChooseData() {
  return (
    <a class="button" href={useStudio().link({ room: 'data' })}>
      Choose data
    </a>
  );
}
