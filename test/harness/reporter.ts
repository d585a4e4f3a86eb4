/** Mocha's report. Its last line counts the tests, for continuous integration. */
import Mocha from 'mocha';

/** Mocha needs a constructor as the default export. */
// biome-ignore lint/style/noDefaultExport: mocha loads reporters like this
export default class extends Mocha.reporters.Spec {
	override epilogue(): void {
		super.epilogue();
		const { passes = 0, failures = 0, pending = 0 } = this.stats;
		process.stdout.write(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`);
	}
}
