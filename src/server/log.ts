/** Writes the log: one JSON object per line on standard output. */
import { type Logger, pino } from 'pino';

/** Lines are buffered, because one system call per line costs more than a small review. */
const BUFFER_LENGTH = 8 * 1024;
const FLUSH_MS = 250;
/** pino's number of the level `warn`. */
const WARN = 40;

/** `descriptor` is standard output, or a file in tests. */
export function createLog(level: string, descriptor: number | string = 1): Logger {
	const destination = pino.destination({ dest: descriptor, sync: true });
	// The destination of pino can buffer too, but it measures its whole buffer for each line, which costs as much as
	// writing the line.
	let buffer = '';
	const flush = (): void => {
		if (buffer !== '') destination.write(buffer);
		buffer = '';
	};
	const stream = {
		// pino sets this field with every line.
		lastLevel: 0,
		[Symbol.for('pino.metadata')]: true,
		write: (line: string): void => {
			buffer += line;
			// Warnings and errors are written at once, because the process may be killed or hang next.
			if (buffer.length >= BUFFER_LENGTH || stream.lastLevel >= WARN) flush();
		},
	};
	setInterval(flush, FLUSH_MS).unref();
	process.on('exit', () => {
		flush();
		// Writes the rest if a pipe was full. `flush` does not call this, because it calls fsync on a file.
		destination.flushSync();
	});
	return pino({ level, base: null, redact: ['*.password', 'password'] }, stream);
}
