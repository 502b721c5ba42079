import { mountStudio } from './mount.tsx';
import { sessionPlace } from './session-place.ts';

const { makeSession, operate } = sessionPlace();
mountStudio(document.getElementById('studio')!, makeSession, operate);
