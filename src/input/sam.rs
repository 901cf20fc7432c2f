//! The Serverless transform: `AWS::Serverless::*` resources become the CloudFormation resources they stand for.
