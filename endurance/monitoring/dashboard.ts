/** Reads the parts of the dashboard that the tests need. */
import { read } from '../../test/harness/documents.ts';
import { JOB } from './prometheus.ts';
import { COMPONENT } from './rule-file.ts';

export interface Panel {
	readonly id: number;
	readonly type: 'row' | 'stat' | 'timeseries';
	readonly title: string;
	readonly description?: string;
	readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
	readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
	readonly fieldConfig?: {
		readonly defaults: {
			readonly unit: string;
			readonly decimals?: number;
			readonly thresholds?: { readonly steps: readonly { readonly color: string; readonly value: number | null }[] };
			readonly custom?: {
				readonly drawStyle: 'line' | 'bars';
				readonly lineInterpolation: 'linear' | 'stepAfter';
				readonly stacking: { readonly mode: 'none' | 'normal' };
			};
		};
		readonly overrides: readonly {
			readonly matcher: { readonly options: string };
			readonly properties: readonly { readonly id: string; readonly value: { readonly fixedColor: string } }[];
		}[];
	};
	readonly options?: { readonly textMode?: string };
}

export interface Dashboard {
	readonly uid: string;
	readonly title: string;
	readonly panels: readonly Panel[];
	readonly templating: { readonly list: readonly { readonly name: string }[] };
}

export const dashboard = (): Dashboard => JSON.parse(read(`${COMPONENT}/dashboard.json`));

export const expressionsOf = ({ panels }: Dashboard): string[] =>
	panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** Replaces the variables in an expression as Grafana does. */
export const withVariables = (expr: string, interval: string): string =>
	expr.replaceAll('$__rate_interval', interval).replaceAll('$job', JOB);
