/** Reads the variables of make commands. On an invalid value, the command prints one line and exits with code 2. */

export function refuse(message: string): never {
	process.stderr.write(`${message}\n`);
	process.exit(2);
}

export function numberFrom(name: string, fallback: number, least: number): number {
	const text = process.env[name] ?? '';
	if (text.trim() === '') return fallback;
	const value = Number(text);
	if (Number.isFinite(value) && value >= least) return value;
	refuse(`${name}=${text}: give a number, at least ${least}`);
}

export function wholeFrom(name: string, fallback: number, least: number): number {
	const value = numberFrom(name, fallback, least);
	if (Number.isSafeInteger(value)) return value;
	refuse(`${name}=${process.env[name]}: give a whole number`);
}
