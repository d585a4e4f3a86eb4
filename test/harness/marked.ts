/** Two versions of a text in one: only `before` has what is in ‹…›, and only `after` has what is in «…». */
export const marked = (text: string): { before: string; after: string } => ({
	before: text.replace(/«.*?»/gs, '').replace(/[‹›]/g, ''),
	after: text.replace(/‹.*?›/gs, '').replace(/[«»]/g, ''),
});
