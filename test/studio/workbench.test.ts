import { answerCalls, PortSession } from '../../src/studio/calls.ts';
import { nodeHost } from '../../src/studio/node/node-host.ts';
import { Workbench } from '../../src/studio/workbench/workbench.ts';
import { describeSession, recordOf } from './session-contract.ts';

const direct = async () => {
  const session = new Workbench(nodeHost());
  return { session, end: () => session.close() };
};

// All of the contract by way of a channel, which hands each call to the workbench; other tests of this folder call one itself. What it records is as without a channel.
describeSession(
  'a workbench behind a channel',
  async () => {
    const { port1, port2 } = new MessageChannel();
    const workbench = new Workbench(nodeHost());
    const stop = answerCalls(workbench, port1);
    const session = new PortSession(port2);
    return {
      session,
      async end() {
        await session.close();
        stop();
        port1.close();
        port2.close();
      },
    };
  },
  async () => {
    const { session, end } = await direct();
    const record = await recordOf(session);
    await end();
    return record;
  },
);
