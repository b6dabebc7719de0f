"""The page that shows the sandbox, `GET /_sandbox/`, and the JSON that it polls."""
