import { makeSession } from './make-session.ts';
import { mountStudio } from './mount.tsx';

mountStudio(document.getElementById('studio')!, makeSession);
