"""The one builder of test worlds: an account with teammates, a session with members and tasks, rounds played in it.

``tests.cast`` says who exists. ``actions`` makes a world by calling the product's actions in an open application
context, ``pages`` makes the same world by requests, a browser a person. tests/README.md has an example of each.
"""
