import type { ClientConfig } from 'pg';
import type { PostgresPlace } from './database-place.ts';

/** Time that a connection may take to come about. */
const connectMilliseconds = 10_000;

/** How the driver reaches a place. What the URL leaves out comes from PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD and ~/.pgpass. */
export function postgresOptions(place: PostgresPlace): ClientConfig {
  return {
    connectionString: place.url,
    application_name: 'taurec',
    connectionTimeoutMillis: connectMilliseconds,
    keepAlive: true,
  };
}
