"""The HTTP API: `ApiServer` serves it, `AgentView` is what it asks the runtime, openapi.json is the contract."""
