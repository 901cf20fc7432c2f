import json
import os
import uuid

import boto3

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def handler(event, context):
    data = json.loads(event["body"])
    item = {"id": str(uuid.uuid4()), "title": data["title"], "contents": data["contents"]}
    TABLE.put_item(Item=item)
    return {"statusCode": 201, "body": json.dumps({"id": item["id"]})}
