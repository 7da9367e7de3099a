"""Instructions of context variables."""

import asyncio
import contextvars

from world import describe_error


class Contexts:
    def do_variable(self, who, name):
        self.things[name] = contextvars.ContextVar(name)

    def do_value(self, who, name):
        return f"{name} is {self.things[name].get('LookupError')}"

    def do_assign(self, who, name, value, token=None):
        made = self.things[name].set(value)
        if token:
            self.things[token] = made

    def do_restore(self, who, token):
        made = self.things[token]
        try:
            made.var.reset(made)
            return f"restore {token}: done"
        except (RuntimeError, ValueError) as error:
            return f"restore {token}: {describe_error(error)}"

    # Contexts as objects

    def do_context(self, who, name):
        self.things[name] = contextvars.copy_context()

    def do_context_of(self, who, name, task):
        self.things[name] = self.things[task].get_context()

    def do_value_in(self, who, name, variable):
        return f"{variable} in {name} is {self.things[name].get(self.things[variable], 'LookupError')}"

    def do_run_in(self, who, name, *words):
        def call():
            if text := self.act("context", *words):
                self.say("context", text)

        try:
            self.things[name].run(call)
        except RuntimeError:
            return f"{name} refuses to run"

    def do_spawn_in(self, who, name, *words):
        self.things[words[0]] = asyncio.create_task(self.child(*words), context=self.things[name])
