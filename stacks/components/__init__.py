"""What the stacks are made of: one logical unit a file.

Components write CloudFormation resources onto a blueprint in plain Python; one `CfnInclude` a stack
makes constructs of them (docs/decisions/0007-blueprints.md has what that saves).
"""
