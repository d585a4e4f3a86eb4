/** A hundred million strings, if somebody writes out the aliases. */
export function bomb(head: string): string {
	const levels = Array.from({ length: 8 }, (_, level) => {
		const item = level === 0 ? 'boom' : `*l${level - 1}`;
		return `l${level}: &l${level} [${Array(10).fill(item).join(', ')}]\n`;
	});
	return `# a bomb\n\n\n${head}${levels.join('')}`;
}
