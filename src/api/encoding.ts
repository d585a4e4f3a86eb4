/**
 * Returns the encoding that the byte order mark names, else UTF-8, as kubectl does. Windows PowerShell's `>` writes
 * UTF-16.
 */
export function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
	if (first === 0xff && second === 0xfe) return 'utf-16le';
	return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
