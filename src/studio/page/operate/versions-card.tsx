import { useRef, useState } from 'preact/hooks';
import type { ModelVersion } from '../../../model/current-version.ts';
import { earlierVersion } from '../../../model/earlier-version.ts';
import type { ServedVersions } from '../../operations.ts';
import { Confirm } from '../parts/confirm.tsx';
import { count, metric } from '../parts/figures.ts';
import { Table } from '../parts/table.tsx';
import { useStudio } from '../state/studio.ts';
import { operatingOf } from './operating.ts';
import { Time } from './time.tsx';
import { dateText, timeText } from './times.ts';

/** An act that waits for a person's word. */
type Asked = { readonly to: string; readonly how: 'publish' | 'rollback' };

/** The served model, the versions of its folder, and the two acts that change what is served. */
export function VersionsCard({ served: { model, versions } }: { served: ServedVersions }) {
  const studio = useStudio();
  const operating = operatingOf(studio);
  const [asked, setAsked] = useState<Asked>();
  const [done, setDone] = useState<string>();
  const title = useRef<HTMLHeadingElement>(null);
  const finish = (version?: ModelVersion) => {
    setAsked(undefined);
    if (!version) return;
    const words = `${version.name} is served now.`;
    setDone(words);
    studio.say(words);
    operating.look();
    // The button that was pressed may be gone.
    title.current?.focus();
  };
  const change = async ({ to, how }: NonNullable<typeof asked>) => {
    const operations = operating.operations.peek();
    const version = await operating.change.run(() =>
      how === 'rollback' ? operations.rollback() : operations.publish(to),
    );
    if (version) finish(version);
  };
  const earlier = versions && earlierVersion(versions);
  return (
    <section class="card" aria-labelledby="versions-title">
      <div class="card-head">
        <h2 id="versions-title" ref={title} tabIndex={-1}>
          {versions ? `${versions.current} is served` : 'The served model'}
        </h2>
        {earlier !== undefined && (
          <button type="button" onClick={() => setAsked({ to: earlier, how: 'rollback' })}>
            Roll back to {earlier}
          </button>
        )}
      </div>
      {done && <p class="done">{done}</p>}
      <dl class="figures">
        {[
          ['People', count(model.users)],
          ['Items', count(model.items)],
          ['Interactions', count(model.interactions)],
          ['Opened', timeText(Date.parse(model.openedAt))],
        ].map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {model.lastReload?.error && (
        <p class="note">The last new model could not be opened: {model.lastReload.error.message}</p>
      )}
      {versions ? (
        <Table
          caption="Versions"
          hideCaption
          rows={[...versions.versions].reverse()}
          rowKey={({ name }) => name}
          columns={[
            {
              title: 'Version',
              heads: true,
              cell: ({ name }) => (
                <>
                  {name}
                  {name === versions.current && <span class="badge">served</span>}
                </>
              ),
            },
            { title: 'Published', cell: ({ published }) => <Time moment={Date.parse(published)} whole /> },
            { title: 'Quality', cell: qualityText },
            { title: 'Note', cell: ({ note }) => note ?? '' },
            { title: 'Interactions', cell: ({ interactions }) => count(interactions), numeric: true },
            {
              title: 'Act',
              cell: ({ name }) =>
                name !== versions.current && (
                  <button type="button" class="quiet" onClick={() => setAsked({ to: name, how: 'publish' })}>
                    Serve {name}
                  </button>
                ),
            },
          ]}
        />
      ) : (
        <p class="soft">
          One model folder is served. A folder of versions, as taurec publish makes it, can be published from and rolled
          back here.
        </p>
      )}
      {asked && versions && (
        <Confirm
          title={asked.how === 'rollback' ? `Roll back to ${asked.to}?` : `Serve ${asked.to}?`}
          act={asked.how === 'rollback' ? `Roll back to ${asked.to}` : `Serve ${asked.to}`}
          task={operating.change}
          onAct={() => void change(asked)}
          onClose={() => finish()}
        >
          <p>
            The server opens {asked.to}
            {publishedText(versions.versions.find(({ name }) => name === asked.to))} and answers all requests from it as
            soon as it is ready. Until then {versions.current} goes on, and it stays in the folder.
          </p>
          <p class="soft">
            Everyone who uses this server is affected. If {asked.to} cannot be opened, nothing changes.
          </p>
        </Confirm>
      )}
    </section>
  );
}

function publishedText(version: ModelVersion | undefined): string {
  return version ? `, published ${dateText(Date.parse(version.published))},` : '';
}

/** The first metric of the test part, else of another one, with its part. */
function qualityText({ metrics }: ModelVersion): string {
  const [part, measured] =
    Object.entries(metrics).sort(([a], [b]) => Number(b === 'test') - Number(a === 'test'))[0] ?? [];
  const [name, value] = Object.entries(measured?.values ?? {})[0] ?? [];
  return name === undefined || value === undefined ? '' : `${name} ${metric(value)} (${part})`;
}
