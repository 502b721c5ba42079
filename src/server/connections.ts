import type { Server } from 'node:http';
import type { Socket } from 'node:net';

interface Connection {
  /** Answers that are not out yet. */
  answers: number;
  /** Bytes that had been read when the last answer was out: beyond, another request has begun. */
  read: number;
}

/**
 * Makes `closeIdleConnections` of a server, and with it `close`, spare answers that are still on their way.
 * Node's own takes a connection for idle as soon as its answer was handed over, and cuts off what a slow reader has not taken yet.
 */
export function spareAnswers(server: Server): void {
  const connections = new Map<Socket, Connection>();
  server.on('connection', (socket: Socket) => {
    connections.set(socket, { answers: 0, read: 0 });
    socket.once('close', () => connections.delete(socket));
  });
  server.prependListener('request', ({ socket }, outgoing) => {
    const connection = connections.get(socket);
    if (!connection) return;
    connection.answers++;
    outgoing.once('close', () => {
      connection.answers--;
      connection.read = socket.bytesRead;
    });
  });
  server.closeIdleConnections = () => {
    for (const [socket, { answers, read }] of connections) {
      if (answers === 0 && socket.writableLength === 0 && socket.bytesRead === read) socket.destroy();
    }
  };
}
