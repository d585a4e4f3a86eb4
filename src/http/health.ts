/** Serves the plain HTTP port: liveness, readiness and metrics. */
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Metrics } from './metrics.ts';

/** Returns the reasons why the process is not ready; empty if it is ready. */
export type Unready = () => readonly string[] | Promise<readonly string[]>;

export function createHealth(unready: Unready, metrics: Pick<Metrics, 'contentType' | 'text'>): Express {
	const app = express();
	app.disable('x-powered-by');
	app.get('/livez', (_request, response) => {
		response.type('text/plain').send('ok\n');
	});
	app.get('/readyz', async (_request, response) => {
		const reasons = await unready();
		response
			.status(reasons.length === 0 ? 200 : 503)
			.type('text/plain')
			.send(reasons.length === 0 ? 'ok\n' : `${reasons.join('\n')}\n`);
	});
	app.get('/metrics', async (_request, response) => {
		response.type(metrics.contentType).send(await metrics.text());
	});
	app.use((_request, response) => {
		response.status(404).type('text/plain').send('not found: use /livez, /readyz or /metrics\n');
	});
	// The error page of Express would show a stack trace to any client.
	app.use((_error: unknown, _request: Request, response: Response, _next: NextFunction) => {
		response.status(500).type('text/plain').send('internal error\n');
	});
	return app;
}
