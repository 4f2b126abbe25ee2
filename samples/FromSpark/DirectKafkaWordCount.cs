namespace FastStream.Samples.FromSpark;

/// <summary>Counts the words of records of Kafka's topics: `spark-streaming-kafka`'s direct stream.</summary>
public static class DirectKafkaWordCount
{
    public static void Describe(StreamingContext context, string brokers, string topics) =>
        Count(context.KafkaStream(new KafkaSourceOptions { BootstrapServers = brokers, Topics = topics.Split(',') })).Print();

    public static DStream<(Utf8Text Word, long Count)> Count(DStream<KafkaRecord<Utf8Text, Utf8Text>> records) =>
        records.Map(record => record.Value).SplitWords().Map(word => (word, 1L)).ReduceByKey((a, b) => a + b);
}
