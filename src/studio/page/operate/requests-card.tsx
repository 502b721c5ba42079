import type { ServedRequests } from '../../operations.ts';
import { AnswerView } from '../parts/answer-view.tsx';
import { bytes, count, number, percent } from '../parts/figures.ts';
import { Table } from '../parts/table.tsx';
import { useStudio } from '../state/studio.ts';
import { atMostText } from './measures.ts';
import { type Measured, operatingOf } from './operating.ts';
import { Pause } from './pause.tsx';
import { usePolling } from './use-polling.ts';

/** Seconds between two measurements. */
const EVERY = 5;

/** What the server does right now, and what it did since its start. */
export function RequestsCard() {
  const operating = operatingOf(useStudio());
  usePolling(operating.measured, () => operating.measure(), EVERY, operating.measuring.value);
  return (
    <section class="card" aria-labelledby="requests-title">
      <div class="card-head">
        <h2 id="requests-title">Requests</h2>
        <Pause running={operating.measuring} what="measuring" />
      </div>
      <AnswerView answer={operating.measured} working="Measuring">
        {(measured) => <Requests measured={measured} />}
      </AnswerView>
    </section>
  );
}

function Requests({ measured: { now, rates } }: { measured: Measured }) {
  const figures = [
    ['Requests a second', rates ? number(rates.requests, 2) : '…'],
    ['Lists a second', rates ? number(rates.lists, 2) : '…'],
    ['Processor', rates ? percent(rates.processor) : '…'],
    ['Memory', bytes(now.memory)],
    ['Waiting', count(now.waiting)],
    ['Failed since the start', `${count(now.faults)} of ${count(now.requests)}`],
  ];
  return (
    <>
      {!now.ready && <p class="note">The server is not ready: it answers requests for lists once its model is open.</p>}
      <dl class="figures">
        {figures.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {now.routes.length > 0 && <Routes routes={now.routes} />}
    </>
  );
}

function Routes({ routes }: Pick<ServedRequests, 'routes'>) {
  return (
    <Table
      caption="Requests by route since the start"
      rows={routes}
      rowKey={({ method, route, status }) => `${method} ${route} ${status}`}
      columns={[
        { title: 'Route', cell: ({ method, route }) => <code>{`${method} ${route}`}</code>, heads: true },
        { title: 'Status', cell: ({ status }) => status },
        { title: 'Requests', cell: (row) => count(row.count), numeric: true },
        { title: 'Mean', cell: ({ mean }) => `${number(mean)} ms`, numeric: true },
        { title: 'Half within', cell: ({ p50 }) => atMostText(p50), numeric: true },
        { title: '99% within', cell: ({ p99 }) => atMostText(p99), numeric: true },
      ]}
    />
  );
}
