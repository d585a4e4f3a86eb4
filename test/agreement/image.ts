/** What the Dockerfile says of the process that it starts. */
import { read } from './documents.ts';

/** The program, its flags, and the file that it runs. */
export const entrypoint = (): string[] => JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(read('Dockerfile'))?.[1] ?? '[]');

/** Flags of Node's own. */
export const imageFlags = (): string[] => entrypoint().slice(1, -1);
