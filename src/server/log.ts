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
		destination.flushSync();
	};
	const write = (line: string): void => {
		buffer += line;
		if (buffer.length >= BUFFER_LENGTH) flush();
	};
	setInterval(flush, FLUSH_MS).unref();
	process.on('exit', flush);
	const options = {
		level,
		base: null,
		redact: ['*.password', 'password'],
		hooks: {
			// Warnings and errors at once: the process may be killed next, or hang.
			logMethod(args: Parameters<Logger['info']>, log: Logger['info'], number: number): void {
				log.apply(this as never, args);
				if (number >= WARN) flush();
			},
		},
	};
	return pino(options, { write });
}
