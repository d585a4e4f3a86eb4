/** Reads the process that the Dockerfile starts. */
import { read } from './documents.ts';

/** Returns the program, its flags, and the file that it runs. */
export const entrypoint = (): string[] => JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(read('Dockerfile'))?.[1] ?? '[]');

/** Returns the variables that the image sets for the C library. They change how much memory a process keeps. */
export const imageEnvironment = (): Record<string, string> =>
	Object.fromEntries(
		[...read('Dockerfile').matchAll(/^ENV (MALLOC_\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]),
	);

/** Returns the flags for Node. */
export const imageFlags = (): string[] => entrypoint().slice(1, -1);
