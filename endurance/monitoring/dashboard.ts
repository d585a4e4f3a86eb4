/** Reads the parts of the dashboard that the tests need. */
import { read } from '../../test/harness/documents.ts';
import { JOB } from './prometheus.ts';
import { COMPONENT } from './rule-file.ts';

interface Panel {
	readonly id: number;
	readonly type: 'row' | 'stat' | 'timeseries';
	readonly title: string;
	readonly description?: string;
	readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
	readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
	readonly panels: readonly Panel[];
}

export const dashboard = (): Dashboard => JSON.parse(read(`${COMPONENT}/dashboard.json`));

export const expressionsOf = ({ panels }: Dashboard): string[] =>
	panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** Replaces the variables in an expression as Grafana does. */
export const withVariables = (expr: string, interval: string): string =>
	expr.replaceAll('$__rate_interval', interval).replaceAll('$job', JOB);
