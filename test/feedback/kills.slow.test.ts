import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { expectWhole, killAppender } from '../support/kill-appender.ts';
import { killMoments } from '../support/property-seed.ts';
import { postgresMissing, startPostgres, withReason } from '../support/servers.ts';

const size = 5;

const sqlite = killMoments(12, 23);
test(
  `SQLite, a process killed at any moment: nothing acknowledged is lost, no batch is half there (${sqlite.title})`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taurec-kills-'));
    const path = join(folder, 'killed.db');
    const acknowledged = new Map<number, string[]>();
    for (const [round, least] of sqlite.moments.entries()) {
      acknowledged.set(round, await killAppender(path, round, size, least));
      expect(acknowledged.get(round)!.length).toBeGreaterThanOrEqual(least);
      const log = await openFeedback(path);
      await expectWhole(log, acknowledged, size);
      await log.close();
    }
    rmSync(folder, { recursive: true });
  },
  sqlite.timeout,
);

const postgres = killMoments(8, 23);
test.skipIf(postgresMissing)(
  withReason(
    `PostgreSQL, a process or the server killed at any moment: nothing acknowledged is lost, no batch is half there (${postgres.title})`,
    postgresMissing,
  ),
  async () => {
    const server = await startPostgres({ fsync: true });
    const place = `${server.url()}?table=killed`;
    const acknowledged = new Map<number, string[]>();
    for (const [round, least] of postgres.moments.entries()) {
      const killServer = round % 4 === 3;
      acknowledged.set(
        round,
        await killAppender(place, round, size, least, killServer ? () => server.kill() : undefined),
      );
      if (killServer) await server.start();
      const log = await openFeedback(place);
      await expectWhole(log, acknowledged, size);
      await log.close();
    }
    await server.stop();
  },
  postgres.timeout,
);
