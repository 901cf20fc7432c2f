import boto3

def lambda_handler(event, context):
    client = boto3.resource('dynamodb')

    table_name="Demo-DynamoDB"
    table=client.Table(table_name)

    response=table.scan(Select='COUNT')
    item_count=response['Count']

    data=json.loads(event['body'])
    title=data['title']
    contents=data['contents']

    if item_count==0:
        data={"id":1,"title":title,"contents":contents}
        table.put_item(Item=data)
    else:
        data={"id":item_count+1,"title":title,"contents":contents}
        table.put_item(Item=data)
