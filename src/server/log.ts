/** The log: one JSON object a line on standard output. */
import { type Logger, pino } from 'pino';

/** One system call for each line costs more than a small review. */
const BUFFER_LENGTH = 8 * 1024;
const FLUSH_MS = 250;
/** pino's number of `warn`. */
const WARN = 40;

/** `descriptor`: standard output; a file in tests. */
export function createLog(level: string, descriptor: number | string = 1): Logger {
	const destination = pino.destination({ dest: descriptor, sync: true });
	// The destination can buffer too, but measures its whole buffer with every line, which costs as much as the line.
	let buffer = '';
	const flush = (): void => {
		if (buffer !== '') destination.write(buffer);
		buffer = '';
	};
	const stream = {
		// pino sets it with every line.
		lastLevel: 0,
		[Symbol.for('pino.metadata')]: true,
		write: (line: string): void => {
			buffer += line;
			// Warnings and errors at once: the process may be killed next, or hang.
			if (buffer.length >= BUFFER_LENGTH || stream.lastLevel >= WARN) flush();
		},
	};
	setInterval(flush, FLUSH_MS).unref();
	process.on('exit', () => {
		flush();
		// The rest, if a pipe was full. Not in flush: it calls fsync on a file.
		destination.flushSync();
	});
	return pino({ level, base: null, redact: ['*.password', 'password'] }, stream);
}
