/** Splits a marked text into two versions: only `before` contains the text in ‹…›, and only `after` the text in «…». */
export const marked = (text: string): { before: string; after: string } => ({
	before: text.replace(/«.*?»/gs, '').replace(/[‹›]/g, ''),
	after: text.replace(/‹.*?›/gs, '').replace(/[«»]/g, ''),
});
