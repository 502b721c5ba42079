import { joinCrew, type MemberStart } from '../engine/wasm/crew-member.ts';
import { onStart } from './worker-start.ts';

// The program of a helper thread in a browser: a Web Worker that joins the crew, then serves until it is dismissed.
onStart(async (start: MemberStart) => (await joinCrew(start)).serve);
