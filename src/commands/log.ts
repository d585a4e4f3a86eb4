/** The log: one JSON object a line on standard output. */
import { type Logger, pino } from 'pino';

/** One system call a line costs more than a small review; nobody who reads along minds a quarter of a second. */
const GATHERED_LENGTH = 8 * 1024;
const LONGEST_WAIT_MS = 250;
/** pino's number of `warn`. */
const TROUBLE = 40;

/** `descriptor` is that of standard output, for all but measurements. */
export function createLog(level: string, descriptor: number | string = 1): Logger {
	// Writes at once, and again where a pipe was full.
	const destination = pino.destination({ dest: descriptor, sync: true });
	// The destination can gather too, but measures all that it has with every line, which costs as much as making the line.
	let gathered = '';
	const flush = (): void => {
		if (gathered !== '') destination.write(gathered);
		gathered = '';
	};
	const stream = {
		// pino sets it with every line.
		lastLevel: 0,
		[Symbol.for('pino.metadata')]: true,
		write: (line: string): void => {
			gathered += line;
			// Trouble is told at once: who is killed next, or hangs, would take it along.
			if (gathered.length >= GATHERED_LENGTH || stream.lastLevel >= TROUBLE) flush();
		},
	};
	setInterval(flush, LONGEST_WAIT_MS).unref();
	process.on('exit', flush);
	return pino({ level, base: null, redact: ['*.password', 'password'] }, stream);
}
