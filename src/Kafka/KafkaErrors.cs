using Confluent.Kafka;

namespace FastStream;

/// <summary>Classifies errors of brokers and clients.</summary>
internal static class KafkaErrors
{
    /// <summary>Whether waiting cannot help, because the error concerns credentials, rights or settings.</summary>
    public static bool IsFinal(Error error) =>
        error.Code is ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Authentication or ErrorCode.TopicAuthorizationFailed
        or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
            or ErrorCode.TransactionalIdAuthorizationFailed or ErrorCode.UnsupportedSaslMechanism
        or ErrorCode.Local_Ssl or ErrorCode.Local_InvalidArg or ErrorCode.UnsupportedVersion or ErrorCode.UnsupportedForMessageFormat;

    /// <summary>Whether the requested offset, or the topic, no longer exists.</summary>
    public static bool IsLostRange(Error error) => error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange;

    /// <summary>Whether another program has taken the transactional id.</summary>
    public static bool IsFenced(Error error) =>
        error.Code is ErrorCode.Local_Fenced or ErrorCode.ProducerFenced or ErrorCode.InvalidProducerEpoch;

    public static string Sentence(Error error, string servers) => error.Code switch
    {
        ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Authentication =>
            $"{servers} refuses the credentials: {error.Reason}. Check sasl.mechanism, sasl.username and "
                + "sasl.password, or the certificate.",
        ErrorCode.Local_Ssl => $"{servers}: TLS failed: {error.Reason}. Check security.protocol and the ssl settings.",
        _ => $"{servers}: {error.Reason}.",
    };
}

/// <summary>Thrown when a Kafka stream or output cannot continue.</summary>
public sealed class KafkaStreamException : Exception
{
    /// <summary>Makes an exception with the default message.</summary>
    public KafkaStreamException()
    {
    }

    /// <summary>Makes an exception with a message.</summary>
    public KafkaStreamException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with a message and its cause.</summary>
    public KafkaStreamException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
