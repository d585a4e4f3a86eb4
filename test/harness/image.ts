/** The process that the Dockerfile starts. */
import { read } from './documents.ts';

/** The program, its flags, and the file that it runs. */
export const entrypoint = (): string[] => JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(read('Dockerfile'))?.[1] ?? '[]');

/** The variables of the image for the C library, which change how much memory a process keeps. */
export const imageEnvironment = (): Record<string, string> =>
	Object.fromEntries(
		[...read('Dockerfile').matchAll(/^ENV (MALLOC_\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]),
	);

/** Flags of Node. */
export const imageFlags = (): string[] => entrypoint().slice(1, -1);
