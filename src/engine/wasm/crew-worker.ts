import { parentPort, workerData } from 'node:worker_threads';
import { joinCrew, type MemberStart } from './crew-member.ts';

// The program of a helper thread in Node: it joins the crew, reports 'ready', then serves until it is dismissed.

const start = workerData as MemberStart;
let dismissed = false;
const { crew, serve } = await joinCrew(start);
// a thread that dies before it is dismissed would leave the coordinator waiting: poison the crew so that it throws instead
process.on('exit', () => {
  if (!dismissed) crew.poison(start.thread, 'the thread ended before its work was done');
});
parentPort!.postMessage('ready');
serve();
dismissed = true;
